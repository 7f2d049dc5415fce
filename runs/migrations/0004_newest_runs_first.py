"""Lists of runs are ordered by `created_at`: that of a delayed run lies in the future."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The old index goes last: whoever lists meanwhile has one of them."""

    dependencies = [("runs", "0003_thread_stream")]
    operations = [
        migrations.AddIndex("run", models.Index(fields=["tenant_id", "thread_id", "-created_at", "-seq"], name="run_newest")),
        migrations.RemoveIndex("run", "run_list"),
    ]
