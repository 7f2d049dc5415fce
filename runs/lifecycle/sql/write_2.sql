-- Checkpoints, pending writes and events of all runs of a process, with the fence inside: owners come as arrays, rows name their owner's position, so a row
-- can only land in the thread of a run that is running under that attempt. Per owner: 'ok', 'busy' (again alone, with p_wait), or missing (stale).
-- Pending writes say which run made them, and what one takes the place of is kept: a run that is rolled back takes back what it wrote.
-- Statistics of a queue are always stale, so only index plans are right here: a hash join was seen to read whole tables.
create function write_2(
  p_tenant uuid[], p_run uuid[], p_attempt int[], p_wait boolean,
  b_owner int[], b_ns text[], b_channel text[], b_version text[], b_type text[], b_blob bytea[],
  w_owner int[], w_ns text[], w_checkpoint text[], w_task text[], w_path text[], w_idx int[], w_channel text[], w_type text[], w_blob bytea[],
  c_owner int[], c_ns text[], c_id text[], c_parent text[], c_checkpoint jsonb[], c_metadata jsonb[],
  e_owner int[], e_n int[], e_event text[], e_data bytea[]) returns table (ordinal int, outcome text)
language plpgsql security definer set search_path = holdfast, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $f$
#variable_conflict use_column
begin
  if p_wait then                                               -- alone: waits here, the statement below then finds it free or gone
    perform 1 from run r where r.tenant_id = p_tenant[1] and r.run_id = p_run[1] for share of r;
  end if;
  return query
  with f as (select * from unnest(p_tenant, p_run, p_attempt) with ordinality f(tenant_id, run_id, attempt, ordinal)),
  seen as (select f.ordinal from f join run r using (tenant_id, run_id, attempt) where r.status = 'running'),
  ok as materialized (
    select r.tenant_id, r.run_id, r.thread_id, r.epoch_ms, f.ordinal, r.tenant_id || ':' || r.thread_id as thread_key
      from run r join f on r.tenant_id = f.tenant_id and r.run_id = f.run_id and r.attempt = f.attempt
     where r.status = 'running' order by r.tenant_id, r.run_id for share of r skip locked),
  blobs as (
    insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    select ok.thread_key, u.ns, u.channel, u.version, u.type, u.blob
      from unnest(b_owner, b_ns, b_channel, b_version, b_type, b_blob) u(owner, ns, channel, version, type, blob) join ok on ok.ordinal = u.owner
    on conflict (thread_id, checkpoint_ns, channel, version) do nothing),
  writes as (
    insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob, written_by)
    select ok.thread_key, u.ns, u.checkpoint, u.task, u.path, u.idx, u.channel, u.type, u.blob, ok.run_id
      from unnest(w_owner, w_ns, w_checkpoint, w_task, w_path, w_idx, w_channel, w_type, w_blob) u(owner, ns, checkpoint, task, path, idx, channel, type, blob)
      join ok on ok.ordinal = u.owner
    on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update
       set channel = excluded.channel, type = excluded.type, blob = excluded.blob, written_by = excluded.written_by),
  replaced as (                                                -- only what several runs may write: interrupts, resume values, errors, a command's update
    insert into replaced_write (tenant_id, run_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, written_by, channel, type, blob)
    select ok.tenant_id, ok.run_id, ok.thread_id, w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx, w.written_by, w.channel, w.type, w.blob
      from unnest(w_owner, w_ns, w_checkpoint, w_task, w_idx) u(owner, ns, checkpoint, task, idx) join ok on ok.ordinal = u.owner
      join checkpoint_writes w on w.thread_id = ok.thread_key and w.checkpoint_ns = u.ns and w.checkpoint_id = u.checkpoint and w.task_id = u.task and w.idx = u.idx
     where (u.idx < 0 or u.task = '00000000-0000-0000-0000-000000000000') and w.written_by is distinct from ok.run_id
    on conflict do nothing),
  heads as (
    insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    select ok.thread_key, u.ns, u.id, u.parent, u.checkpoint, u.metadata
      from unnest(c_owner, c_ns, c_id, c_parent, c_checkpoint, c_metadata) u(owner, ns, id, parent, checkpoint, metadata) join ok on ok.ordinal = u.owner
    on conflict (thread_id, checkpoint_ns, checkpoint_id) do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata),
  events as (
    insert into run_event (tenant_id, run_id, epoch_ms, n, event, data)
    select ok.tenant_id, ok.run_id, ok.epoch_ms, u.n, u.event, u.data
      from unnest(e_owner, e_n, e_event, e_data) u(owner, n, event, data) join ok on ok.ordinal = u.owner
    on conflict do nothing)
  select s.ordinal::int, case when exists (select 1 from ok where ok.ordinal = s.ordinal) then 'ok' else 'busy' end from seen s;
end $f$;
