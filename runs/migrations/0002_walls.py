"""Row-level security, composite constraints and the engine's functions."""

from pathlib import Path

from django.db import migrations

from tenants.database.operations import CompositeForeignKey, IsolateTenants, SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"
THREAD = ("thread", ("tenant_id", "thread_id"))
RUN = ("run", ("tenant_id", "run_id"))
WRITE = (
    "write_1(uuid[], uuid[], int[], boolean, int[], text[], text[], text[], text[], bytea[], int[], text[], text[], text[], text[], int[], text[], text[], bytea[], "
    "int[], text[], text[], text[], jsonb[], jsonb[], int[], int[], text[], bytea[])"
)
SETTLE = (
    "settle_1(uuid[], uuid[], int[], boolean, text[], jsonb[], text[], jsonb[], jsonb[], text[], "
    "int[], text[], text[], text[], text[], text[], jsonb[], jsonb[], jsonb[])"
)


class Migration(migrations.Migration):
    """The functions read LangGraph's tables by name when they are called, so those may be created later."""

    dependencies = [("runs", "0001_initial"), ("assistants", "0002_walls"), ("tenants", "0002_walls")]
    operations = [
        IsolateTenants("thread", "thread_metadata", "run", "run_event", "interrupt", "decision"),
        CompositeForeignKey("thread", ("tenant_id",), "tenant", ("tenant_id",)),
        CompositeForeignKey("thread_metadata", ("tenant_id", "thread_id"), *THREAD, on_delete="cascade"),
        CompositeForeignKey("run", ("tenant_id", "thread_id"), *THREAD, on_delete="cascade"),
        CompositeForeignKey("run", ("tenant_id", "assistant_id"), "assistant", ("tenant_id", "assistant_id")),
        CompositeForeignKey("run_event", ("tenant_id", "run_id"), *RUN, on_delete="cascade"),
        CompositeForeignKey("interrupt", ("tenant_id", "thread_id"), *THREAD, on_delete="cascade"),
        CompositeForeignKey("decision", ("tenant_id", "thread_id"), *THREAD, on_delete="cascade"),
        SystemFunction(str(SQL / "claim_1.sql"), "claim_1(text, int, text[], interval, boolean, boolean)", "worker"),
        SystemFunction(str(SQL / "heartbeat_1.sql"), "heartbeat_1(uuid[], uuid[], int[], interval)", "worker"),
        SystemFunction(str(SQL / "write_1.sql"), WRITE, "worker"),
        SystemFunction(str(SQL / "settle_1.sql"), SETTLE, "worker"),
        SystemFunction(str(SQL / "hand_back_1.sql"), "hand_back_1(uuid[], uuid[], int[])", "worker"),
        SystemFunction(str(SQL / "poll_runs_1.sql"), "poll_runs_1(uuid[], uuid[], uuid[])", "app"),
    ]
