"""The only table of who may do what."""

from enum import StrEnum

from tenants.actors import Actor, Role
from tenants.exceptions import NotAllowed


class Permission(StrEnum):
    """`noun.verb`."""

    ASSISTANT_READ = "assistant.read"
    ASSISTANT_CREATE = "assistant.create"
    ASSISTANT_UPDATE = "assistant.update"
    ASSISTANT_DEPLOY = "assistant.deploy"
    ASSISTANT_DELETE = "assistant.delete"
    THREAD_READ = "thread.read"
    THREAD_CREATE = "thread.create"
    THREAD_UPDATE_OWN = "thread.update_own"
    THREAD_UPDATE = "thread.update"
    THREAD_DELETE_OWN = "thread.delete_own"
    THREAD_DELETE = "thread.delete"
    RUN_READ = "run.read"
    RUN_CREATE = "run.create"
    RUN_CANCEL = "run.cancel"
    RUN_RESUME = "run.resume"
    REVIEW_READ = "review.read"
    REVIEW_DECIDE = "review.decide"
    STATE_UPDATE = "state.update"
    STORE_READ = "store.read"
    STORE_WRITE = "store.write"
    KEY_WRITE_OWN = "key.write_own"
    KEY_WRITE = "key.write"
    MEMBER_WRITE = "member.write"
    AUDIT_READ = "audit.read"
    TENANT_WRITE = "tenant.write"


_P = Permission
_VIEWER = frozenset({_P.ASSISTANT_READ, _P.THREAD_READ, _P.RUN_READ, _P.REVIEW_READ, _P.STORE_READ})
_OPERATOR = _VIEWER | {_P.THREAD_CREATE, _P.THREAD_UPDATE_OWN, _P.THREAD_DELETE_OWN, _P.RUN_CREATE, _P.RUN_CANCEL, _P.RUN_RESUME}
_REVIEWER = _VIEWER | {_P.REVIEW_DECIDE}
_DEVELOPER = (
    _OPERATOR
    | _REVIEWER
    | {
        _P.ASSISTANT_CREATE,
        _P.ASSISTANT_UPDATE,
        _P.ASSISTANT_DEPLOY,
        _P.ASSISTANT_DELETE,
        _P.STATE_UPDATE,
        _P.STORE_WRITE,
        _P.THREAD_UPDATE,
        _P.KEY_WRITE_OWN,
    }
)
_ADMIN = _DEVELOPER | {_P.KEY_WRITE, _P.MEMBER_WRITE, _P.AUDIT_READ, _P.THREAD_DELETE}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.REVIEWER: _REVIEWER,
    Role.DEVELOPER: _DEVELOPER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN | {_P.TENANT_WRITE},
}


def granted(actor: Actor) -> list[Permission]:
    """What the actor's role grants, in the order of the table."""
    return [permission for permission in Permission if permission in GRANTS[actor.role]]


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role grants it."""
    return permission in GRANTS[actor.role]


def require(actor: Actor, permission: Permission) -> None:
    """Refuse with NotAllowed unless the actor's role grants it."""
    if not may(actor, permission):
        text = f"Your role '{actor.role}' does not allow {permission}. Ask an admin of your tenant for a role that does."
        raise NotAllowed(text, action=permission)


def require_grantable(actor: Actor, role: Role) -> None:
    """Refuse to give or take a role that allows more than the actor's own."""
    if not GRANTS[role] <= GRANTS[actor.role]:
        text = f"Your role '{actor.role}' cannot give or take the role '{role}'. Ask an owner of your tenant."
        raise NotAllowed(text, action="role.grant")


def require_own(actor: Actor, owner: str, own: Permission, any_: Permission) -> None:
    """Refuse unless the actor may do it to anybody's object, or owns this one and may do it to own ones."""
    if may(actor, any_):
        return
    require(actor, own if actor.identity == owner else any_)
