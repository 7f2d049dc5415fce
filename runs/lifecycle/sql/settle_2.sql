-- End runs: run, thread, interrupts made equal to those of the head, audit. A batch never waits, one alone (p_wait) does.
-- Per run: 'settled' (also when repeated after a lost connection), 'busy', 'stale'; and whether its thread has more to do.
-- An interrupt keeps what was proposed as text, too: jsonb forgets the order of keys. A hidden thread's interrupts have no rows: nobody can answer them.
-- Statistics of a queue are always stale, so only index plans are right here: a hash join was seen to read whole tables.
create function settle_2(
  p_tenant uuid[], p_run uuid[], p_attempt int[], p_wait boolean, p_status text[], p_error jsonb[],
  p_thread_status text[], p_values jsonb[], p_interrupts jsonb[], p_head text[],
  i_owner int[], i_id text[], i_task text[], i_node text[], i_kind text[], i_action text[], i_value jsonb[], i_schema jsonb[], i_allowed jsonb[], i_proposal text[]
) returns table (ordinal int, outcome text, more boolean)
language plpgsql security definer set search_path = holdfast, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $f$
#variable_conflict use_column
declare held int[];
begin
  if p_wait then
    perform 1 from thread t where t.tenant_id = p_tenant[1] and t.thread_id = (select r.thread_id from run r where r.tenant_id = p_tenant[1] and r.run_id = p_run[1])
        for no key update of t;
    perform 1 from run r where r.tenant_id = p_tenant[1] and r.run_id = p_run[1] for no key update of r;
    held := array[1];
  else
    select array_agg(l.ordinal) into held from (
      select f.ordinal::int from unnest(p_tenant, p_run) with ordinality f(tenant_id, run_id, ordinal)
        join run r using (tenant_id, run_id) join thread t using (tenant_id, thread_id)
       order by r.tenant_id, r.run_id for no key update of t, r skip locked) l;
  end if;
  return query
  with u as (
    select * from unnest(p_tenant, p_run, p_attempt, p_status, p_error, p_thread_status, p_values, p_interrupts, p_head)
      with ordinality u(tenant_id, run_id, attempt, status, error, thread_status, "values", interrupts, head, ordinal)),
  done as (
    update run r set status = u.status, error = u.error, lease_until = null, lease_owner = null, ended_at = clock_timestamp(), updated_at = clock_timestamp() from u
     where r.tenant_id = u.tenant_id and r.run_id = u.run_id and r.attempt = u.attempt and r.status = 'running' and u.ordinal = any(held)
    returning r.tenant_id, r.run_id, r.thread_id, r.assistant_id, r.created_by, u.ordinal, u.status, u.error, u.thread_status, u."values", u.interrupts, u.head),
  th as (
    update thread t set head_checkpoint_id = coalesce(d.head, t.head_checkpoint_id), "values" = coalesce(d."values", t."values"), interrupts = coalesce(d.interrupts, t.interrupts),
           error = d.error, updated_at = clock_timestamp(), state_updated_at = clock_timestamp(),
           ended_at = case when t.temporary and not t.keep then clock_timestamp() end,
           status = case when exists (select 1 from run n where n.tenant_id = d.tenant_id and n.thread_id = d.thread_id
                                       and n.status in ('pending', 'running') and n.run_id <> d.run_id) then 'busy' else d.thread_status end
      from done d where t.tenant_id = d.tenant_id and t.thread_id = d.thread_id
    returning d.ordinal, t.status = 'busy' as more, t.temporary and not t.keep as hidden),
  fresh as (
    select d.tenant_id, d.thread_id, d.run_id, d.assistant_id, d.created_by, d.head, i.*
      from done d join unnest(i_owner, i_id, i_task, i_node, i_kind, i_action, i_value, i_schema, i_allowed, i_proposal)
             i(owner, id, task_id, node, kind, action, value, schema, allowed, proposal) on i.owner = d.ordinal
     where exists (select 1 from th where th.ordinal = d.ordinal and not th.hidden)),
  gone as (
    update interrupt i set status = 'superseded', closed_by = 'run:' || d.run_id, closed_actor = d.created_by, closed_at = clock_timestamp() from done d
     where i.tenant_id = d.tenant_id and i.thread_id = d.thread_id and i.status = 'pending'
       and not exists (select 1 from fresh f where f.tenant_id = i.tenant_id and f.thread_id = i.thread_id and f.id = i.interrupt_id)),
  kept as (
    insert into interrupt (tenant_id, thread_id, interrupt_id, run_id, checkpoint_id, task_id, node, kind, action, value, schema, allowed, requester,
                           assistant_id, proposal)
    select f.tenant_id, f.thread_id, f.id, f.run_id, f.head, f.task_id, f.node, f.kind, f.action, f.value, f.schema,
           array(select jsonb_array_elements_text(f.allowed)), f.created_by, f.assistant_id, f.proposal from fresh f
    on conflict (tenant_id, thread_id, interrupt_id) do update set status = 'pending', resume_run_id = null, closed_by = null, closed_actor = null, closed_at = null, changed_at = clock_timestamp(),
           -- a node that ran again may ask something else under the same id: nobody must approve what they were not shown
           action = excluded.action, value = excluded.value, schema = excluded.schema, allowed = excluded.allowed, proposal = excluded.proposal,
           former = case when interrupt.proposal is distinct from excluded.proposal then interrupt.proposal else interrupt.former end
     where interrupt.status = 'pending' and interrupt.proposal is distinct from excluded.proposal or interrupt.status <> 'pending' and not exists (
       select 1 from run n where n.tenant_id = interrupt.tenant_id and n.run_id = interrupt.resume_run_id and n.status in ('pending', 'running')
          and not exists (select 1 from done d where d.tenant_id = n.tenant_id and d.run_id = n.run_id))),   -- a run settled here is still 'running' in this snapshot
  log as (
    insert into audit_event (tenant_id, actor, action, target_type, target_id, after)
    select d.tenant_id, 'system:worker', 'run.settle', 'run', d.run_id::text, jsonb_build_object('status', d.status) from done d)
  select u.ordinal::int, case
      when exists (select 1 from done d where d.ordinal = u.ordinal) then 'settled'
      when r.run_id is null then 'stale'
      when held is null or u.ordinal <> all(held) then 'busy'
      when r.attempt = u.attempt and r.status = u.status and r.cancel_reason is null then 'settled'
      else 'stale' end,
      coalesce((select th.more from th where th.ordinal = u.ordinal), false)
    from u left join run r using (tenant_id, run_id);
end $f$;
