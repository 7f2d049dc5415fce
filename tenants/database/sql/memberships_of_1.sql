-- Before a tenant is known: the tenants one person can sign in to.
create function memberships_of_1(p_user uuid) returns table (tenant_id uuid, slug text, name text, role text, suspended boolean)
language sql stable security definer set search_path = holdfast, pg_temp as $f$
  select m.tenant_id, t.slug::text, t.name, m.role, t.suspended_at is not null from member m join tenant t using (tenant_id) where m.user_id = p_user order by t.slug
$f$
