"""Starting and driving the whole: Airflow on the chosen PostgreSQL, and the demonstration."""
