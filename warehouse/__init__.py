"""PostgreSQL: tables, migrations, the engine, and the only code that writes."""
