-- A draining worker gives runs back: pending again, without a lease; `crashes` stays, nothing went wrong.
create function hand_back_1(p_tenant uuid[], p_run uuid[], p_attempt int[]) returns bigint
language sql security definer set search_path = holdfast, pg_temp as $f$
  with back as (
    update run r set status = 'pending', lease_until = null, lease_owner = null, updated_at = clock_timestamp()
      from unnest(p_tenant, p_run, p_attempt) f(tenant_id, run_id, attempt)
     where r.tenant_id = f.tenant_id and r.run_id = f.run_id and r.attempt = f.attempt and r.status = 'running' returning 1)
  select count(*) from back;
$f$;
