-- Before a tenant is known: at most the row of exactly this hash.
create function find_api_key_1(p_hash bytea)
returns table (
  tenant_id uuid, key_id uuid, identity uuid, role text, expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz, suspended boolean)
language sql stable security definer set search_path = holdfast, pg_temp as $f$
  select k.tenant_id, k.key_id, k.identity, k.role, k.expires_at, k.revoked_at, k.last_used_at, t.suspended_at is not null
    from api_key k join tenant t using (tenant_id) where k.hash = p_hash
$f$
