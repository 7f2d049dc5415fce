-- What the readers of a web process ask every few seconds: how far each run is, and whether the reader's key still holds.
create function poll_runs_1(p_tenant uuid[], p_run uuid[], p_key uuid[]) returns table (ordinal int, status text, access boolean)
language sql stable security definer set search_path = holdfast, pg_temp as $f$
  select f.ordinal::int, r.status,
         f.key_id is null or exists (select 1 from api_key k join tenant t using (tenant_id) where k.tenant_id = f.tenant_id and k.key_id = f.key_id
                                        and k.revoked_at is null and (k.expires_at is null or k.expires_at > statement_timestamp()) and t.suspended_at is null)
    from unnest(p_tenant, p_run, p_key) with ordinality f(tenant_id, run_id, key_id, ordinal) left join run r on r.tenant_id = f.tenant_id and r.run_id = f.run_id;
$f$;
