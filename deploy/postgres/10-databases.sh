#!/bin/bash
# First start of the database server: two databases, each with its own owner who is no superuser,
# because row-level security does not hold for superusers.
set -euo pipefail

create() {
  local database=$1 owner=$2 password=$3
  psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
    --set database="$database" --set owner="$owner" --set password="$password" <<'SQL'
create role :"owner" login password :'password';
create database :"database" owner :"owner" template template0 encoding 'UTF8';
revoke connect on database :"database" from public;
SQL
}

create union_warehouse union_reports "$UNION_REPORTS_DB_PASSWORD"
create airflow airflow "$AIRFLOW_DB_PASSWORD"

# Pages of the portal read as this role, which cannot sign in and for which every policy holds. Its
# owner may make no roles, so it is made here.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
create role portal_reader nologin noinherit;
grant portal_reader to union_reports with inherit false, set true;
SQL
