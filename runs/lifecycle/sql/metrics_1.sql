-- How much work waits and runs, over all tenants: numbers only, ages in seconds. Reads the partial indexes of pending and running rows, never those that have
-- ended. Statistics of a queue are always stale: `not exists` became a join over all running rows for each pending one, a scalar subquery stays a look-up.
-- The walk for the oldest run whose thread is free ends at the first: in the order of the index, which a bitmap would not keep.
create function metrics_1() returns table (pending bigint, due bigint, oldest double precision, median double precision, unblocked double precision,
                                           running bigint, expired bigint)
language sql stable security definer set search_path = holdfast, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $f$
  select w.pending, w.due, extract(epoch from n.now - w.oldest)::double precision, extract(epoch from n.now - w.median)::double precision,
         (select extract(epoch from n.now - f.run_at)::double precision from run f
           where f.status = 'pending' and f.run_at <= n.now
             and (select o.run_id from run o where o.tenant_id = f.tenant_id and o.thread_id = f.thread_id and o.status = 'running' limit 1) is null
           order by f.run_at, f.seq limit 1),
         l.running, l.expired
    from (select statement_timestamp() as now) n,
         (select count(*) as pending, count(*) filter (where r.run_at <= statement_timestamp()) as due, min(r.run_at) filter (where r.run_at <= statement_timestamp())
                 as oldest, percentile_disc(0.5) within group (order by r.run_at) filter (where r.run_at <= statement_timestamp()) as median
            from run r where r.status = 'pending') w,
         (select count(*) as running, count(*) filter (where r.lease_until < statement_timestamp()) as expired from run r where r.status = 'running') l;
$f$;
