-- What the readers of a web process ask every few seconds: how far each run or (without p_run) thread is, and whether the reader's key still holds.
create function poll_streams_1(p_tenant uuid[], p_thread uuid[], p_run uuid[], p_key uuid[])
returns table (ordinal int, status text, access boolean, epoch_ms bigint)
language sql stable security definer set search_path = holdfast, pg_temp as $f$
  select f.ordinal::int, case when f.run_id is null then t.status else r.status end,
         f.key_id is null or exists (select 1 from api_key k join tenant t using (tenant_id) where k.tenant_id = f.tenant_id and k.key_id = f.key_id
                                        and k.revoked_at is null and (k.expires_at is null or k.expires_at > statement_timestamp()) and t.suspended_at is null),
         coalesce(case when f.run_id is null then t.epoch_ms else r.epoch_ms end, 0)
    from unnest(p_tenant, p_thread, p_run, p_key) with ordinality f(tenant_id, thread_id, run_id, key_id, ordinal)
    left join run r on r.tenant_id = f.tenant_id and r.run_id = f.run_id
    left join thread t on f.run_id is null and t.tenant_id = f.tenant_id and t.thread_id = f.thread_id and t.ended_at is null;
$f$;
