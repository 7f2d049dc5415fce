-- Take due runs that are first of their thread, oldest first, up to the free slots. Two statements inside: (1) the threads are locked, never waited for;
-- (2) on a fresh snapshot with the threads held: still pending, still first, at most one suspect (crashes = 2).
-- `patient` (after a re-wake) first queues for the thread of the oldest overdue run, holding nothing: skip locked alone can miss a busy row for ever.
-- Statistics of a queue are always stale, so only index plans are right here: a hash join was seen to read whole tables.
create function claim_1(me text, slots int, served text[], lease interval, suspects boolean, patient boolean default false)
returns table (tenant_id uuid, run_id uuid, thread_id uuid, assistant_id uuid, graph_id text, attempt int, crashes int, epoch_ms bigint, resume_ids text[],
               base_checkpoint_id text, head_checkpoint_id text, kwargs jsonb, metadata jsonb, created_by text, streamed boolean, resumable boolean, temporary boolean)
language plpgsql security definer set search_path = holdfast, pg_temp set lock_timeout = '500ms'
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $f$
#variable_conflict use_column
declare now_ timestamptz := clock_timestamp(); t_ uuid[]; r_ uuid[];      -- a variable: an index condition cannot use a volatile function
begin
  if patient then
    begin
      perform 1 from thread t where (t.tenant_id, t.thread_id) = (
        select r.tenant_id, r.thread_id from run r where r.status = 'pending' and r.run_at <= now_ - interval '1 s' and r.graph_fingerprint = any(served)
           and not exists (select 1 from run o where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id
                            and o.status in ('pending', 'running') and (o.run_at, o.seq) < (r.run_at, r.seq))
         order by r.run_at, r.seq limit 1) for no key update of t;
    exception when lock_not_available then null; end;
  end if;
  select array_agg(d.tenant_id), array_agg(d.run_id) into t_, r_ from (
    select r.tenant_id, r.run_id from run r join thread t using (tenant_id, thread_id)
     where r.status = 'pending' and r.run_at <= now_ and r.graph_fingerprint = any(served) and (r.crashes <> 2 or suspects)
       and not exists (select 1 from run o where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id
                        and o.status in ('pending', 'running') and (o.run_at, o.seq) < (r.run_at, r.seq))
     order by r.run_at, r.seq limit slots for no key update of t skip locked) d;
  if t_ is not null then
  return query
  with due as materialized (
    select r.tenant_id, r.run_id, r.thread_id, r.resume_ids from unnest(t_, r_) with ordinality h(tenant_id, run_id, ordinal) join run r using (tenant_id, run_id)
     where r.status = 'pending'
       and (r.crashes <> 2 or h.ordinal = (select min(i.ordinal) from unnest(t_, r_) with ordinality i(tenant_id, run_id, ordinal)
                                              join run s using (tenant_id, run_id) where s.crashes = 2 and s.status = 'pending'))
       and not exists (select 1 from run o where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id
                        and o.status in ('pending', 'running') and (o.run_at, o.seq) < (r.run_at, r.seq))
     order by r.tenant_id, r.run_id for no key update of r skip locked),
  th as (
    update thread t set epoch_ms = greatest((extract(epoch from now_) * 1000)::bigint, t.epoch_ms + 1) from due
     where t.tenant_id = due.tenant_id and t.thread_id = due.thread_id
    returning t.tenant_id, t.epoch_ms, t.head_checkpoint_id, t.temporary, due.run_id),
  closed as (
    update interrupt i set status = 'superseded', closed_by = 'run:' || due.run_id, closed_at = now_ from due
     where i.tenant_id = due.tenant_id and i.thread_id = due.thread_id and i.status = 'pending' and due.resume_ids is null
    returning i.tenant_id, i.interrupt_id, due.run_id),
  log as (
    insert into audit_event (tenant_id, actor, action, target_type, target_id, after)
    select c.tenant_id, 'system:worker', 'interrupt.supersede', 'interrupt', c.interrupt_id, jsonb_build_object('run_id', c.run_id) from closed c)
  update run r set status = 'running', attempt = r.attempt + 1, epoch_ms = th.epoch_ms, lease_owner = me, lease_until = clock_timestamp() + lease,
         started_at = coalesce(r.started_at, now_), updated_at = now_
    from th where r.tenant_id = th.tenant_id and r.run_id = th.run_id
  returning r.tenant_id, r.run_id, r.thread_id, r.assistant_id, r.graph_id, r.attempt, r.crashes, r.epoch_ms, r.resume_ids,
            r.base_checkpoint_id, th.head_checkpoint_id, r.kwargs, r.metadata, r.created_by, r.streamed, r.resumable, th.temporary;
  end if;
  -- 3: one row of nulls when a due run was passed over because somebody holds its thread for a moment: the caller looks again soon
  if coalesce(cardinality(t_), 0) < slots then
    perform 1 from run r where r.status = 'pending' and r.run_at <= now_ and r.graph_fingerprint = any(served) and r.crashes < 2 and r.run_id <> all(coalesce(r_, '{}'))
       and not exists (select 1 from run o where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id
                        and o.status in ('pending', 'running') and (o.run_at, o.seq) < (r.run_at, r.seq))
     order by r.run_at, r.seq limit 1;
    if found then return query select null::uuid, null::uuid, null::uuid, null::uuid, null::text, null::int, null::int, null::bigint, null::text[], null::text, null::text,
                        null::jsonb, null::jsonb, null::text, null::boolean, null::boolean, null::boolean; end if;
  end if;
end $f$;
