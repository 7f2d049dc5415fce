-- Renew the leases of a process's runs. Per run: 'ok', 'busy' (held by somebody: again after 100 ms), or missing (no longer ours).
-- Statistics of a queue are always stale, so only index plans are right here: a hash join was seen to read whole tables.
create function heartbeat_1(p_tenant uuid[], p_run uuid[], p_attempt int[], lease interval) returns table (ordinal int, outcome text)
language plpgsql security definer set search_path = holdfast, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $f$
#variable_conflict use_column
begin return query
  with f as (select * from unnest(p_tenant, p_run, p_attempt) with ordinality f(tenant_id, run_id, attempt, ordinal)),
  seen as (select f.ordinal from f join run r using (tenant_id, run_id, attempt) where r.status = 'running'),
  mine as materialized (
    select r.tenant_id, r.run_id, f.ordinal from run r join f on r.tenant_id = f.tenant_id and r.run_id = f.run_id and r.attempt = f.attempt
     where r.status = 'running' order by r.tenant_id, r.run_id for no key update of r skip locked),
  kept as (
    update run r set lease_until = clock_timestamp() + lease from mine where r.tenant_id = mine.tenant_id and r.run_id = mine.run_id returning mine.ordinal)
  select s.ordinal::int, case when exists (select 1 from kept k where k.ordinal = s.ordinal) then 'ok' else 'busy' end from seen s;
end $f$;
