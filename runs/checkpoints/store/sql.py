"""The statements of the store over LangGraph's tables `store` and `store_vectors`.

Not LangGraph's own: those compare numbers as text, know no nested filters, leave vectors of replaced values behind, forget the offset of
a semantic search, and cannot be fenced. Prefixes are compared as ranges: under row-level security `LIKE` may not use an index.
"""

VISIBLE = "(s.expires_at is null or s.expires_at > now())"
# All items of a namespace and below: `low` is its text, `high` and `below` are that with "/" and "." behind.
WITHIN = "{alias}.prefix ~>=~ %(low)s and {alias}.prefix ~<~ %(high)s and ({alias}.prefix = %(low)s or {alias}.prefix ~>=~ %(below)s)"
LATER = "now() + make_interval(secs => {alias}.ttl_minutes * 60)"

# A read never waits for whoever holds an item: they write it anew, or have just read it, too.
REFRESHED = f"update store s set expires_at = {LATER.format(alias='s')} from held h where s.prefix = h.prefix and s.key = h.key"

OPEN = "select 1"  # a service: its transaction is the fence
RUNNING = "select 1 from run where tenant_id = %(tenant)s and run_id = %(run)s and attempt = %(attempt)s and status = 'running' for share"

GET = f"""
select s.prefix, s.key, s.value, s.created_at, s.updated_at
  from store s join unnest(%(prefixes)s::text[], %(keys)s::text[]) asked(prefix, key) on s.prefix = asked.prefix and s.key = asked.key
 where {VISIBLE}
"""
GET_AND_REFRESH = f"""
with held as materialized (
  select s.prefix, s.key from store s
    join unnest(%(refreshed_prefixes)s::text[], %(refreshed_keys)s::text[]) asked(prefix, key)
      on s.prefix = asked.prefix and s.key = asked.key
   where s.ttl_minutes is not null and s.expires_at > now() for no key update of s skip locked),
refreshed as ({REFRESHED})
{GET}"""

PUT = f"""
with fence as materialized ({{fence}}),
gone as (
  delete from store s using unnest(%(gone_prefixes)s::text[], %(gone_keys)s::text[]) asked(prefix, key)
   where s.prefix = asked.prefix and s.key = asked.key and exists (select from fence) returning s.expires_at),
kept as (
  insert into store as s (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes, index_paths)
  select given.prefix, given.key, given.value, now(), now(), {LATER.format(alias="given")}, given.ttl_minutes, given.index_paths
    from unnest(%(prefixes)s::text[], %(keys)s::text[], %(values)s::jsonb[], %(ttls)s::float8[], %(paths)s::jsonb[])
         given(prefix, key, value, ttl_minutes, index_paths)
   where exists (select from fence)
  on conflict (prefix, key) do update
     set value = excluded.value, updated_at = excluded.updated_at, expires_at = excluded.expires_at,
         ttl_minutes = excluded.ttl_minutes, index_paths = excluded.index_paths,
         created_at = case when s.expires_at <= now() then excluded.created_at else s.created_at end)
select (select count(*) from fence) as allowed, (select count(*) from gone s where {VISIBLE}) as removed
"""
# After PUT, in its transaction: `fence` still holds the run.
PUT_VECTORS = """
with fence as materialized ({fence}),
given as materialized (
  select * from unnest(%(vector_prefixes)s::text[], %(vector_keys)s::text[], %(vector_fields)s::text[], %(vectors)s::text[])
                g(prefix, key, field_name, embedding)),
gone as (
  delete from store_vectors v using unnest(%(prefixes)s::text[], %(keys)s::text[]) put(prefix, key)
   where v.prefix = put.prefix and v.key = put.key and exists (select from fence)
     and not exists (select from given g where g.prefix = v.prefix and g.key = v.key and g.field_name = v.field_name))
insert into store_vectors (prefix, key, field_name, embedding, created_at, updated_at)
select prefix, key, field_name, embedding::{kind}, now(), now() from given where exists (select from fence)
on conflict (prefix, key, field_name) do update set embedding = excluded.embedding, updated_at = excluded.updated_at
"""

SEARCH = f"""
select s.prefix, s.key, s.value, s.created_at, s.updated_at, null::float8 as score
  from store s where {WITHIN.format(alias="s")} and {VISIBLE}{{filters}}
 order by s.created_at, s.prefix, s.key limit %(limit)s offset %(offset)s
"""
SEARCH_AND_REFRESH = f"""
with found as materialized ({SEARCH}),
held as materialized (
  select s.prefix, s.key from store s join found f on s.prefix = f.prefix and s.key = f.key
   where s.ttl_minutes is not null for no key update of s skip locked),
refreshed as ({REFRESHED})
select * from found order by created_at, prefix, key
"""
REFRESH = f"""
with held as materialized (
  select s.prefix, s.key from store s
    join unnest(%(prefixes)s::text[], %(keys)s::text[]) asked(prefix, key) on s.prefix = asked.prefix and s.key = asked.key
   where s.ttl_minutes is not null and s.expires_at > now() for no key update of s skip locked)
{REFRESHED}
"""

# Every vector of the namespace, up to a number, compared one by one: exact, and soon done where there are few.
NEAR_EXACT = f"""
select v.prefix, v.key, v.embedding <=> %(vector)s::{{kind}} as distance from store_vectors v
 where {WITHIN.format(alias="v")} limit %(width)s
"""
# The nearest vectors by the index, which goes on until it has found enough that pass (hnsw.iterative_scan).
NEAR_BY_INDEX = f"""
select v.prefix, v.key, v.embedding <=> %(vector)s::{{kind}} as distance
  from store_vectors v join store s on s.prefix = v.prefix and s.key = v.key
 where {WITHIN.format(alias="v")} and {VISIBLE}{{filters}}
 order by v.embedding <=> %(vector)s::{{kind}} limit %(width)s
"""
# `seen` says how many vectors were looked at; it stands on a row of its own where nothing was found.
# A vector of zeros is near to nothing: its distance is NaN.
NEAREST = f"""
with near as materialized ({{near}}),
best as (select prefix, key, min(distance) as distance from near group by prefix, key),
found as (
  select s.prefix, s.key, s.value, s.created_at, s.updated_at, nullif(1 - b.distance, 'NaN') as score
    from best b join store s on s.prefix = b.prefix and s.key = b.key
   where {VISIBLE}{{filters}} order by b.distance, s.prefix, s.key limit %(limit)s offset %(offset)s)
select found.*, counted.seen from (select count(*) as seen from near) counted left join found on true
 order by score desc nulls last, prefix, key
"""
# Before NEAR_BY_INDEX, in its transaction. The planner thinks that tenant and prefix narrow the vectors twice, and would sort all of them.
ITERATE = "select set_config('hnsw.iterative_scan', 'strict_order', true), set_config('enable_sort', 'off', true)"

NAMESPACES = f"""
select distinct (string_to_array(s.prefix collate "C", '.'))[2:%(deepest)s] as namespace
  from store s where {WITHIN.format(alias="s")} and {VISIBLE}{{patterns}}
 order by 1 limit %(limit)s offset %(offset)s
"""
