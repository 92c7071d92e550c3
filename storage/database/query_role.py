"""Refuse what a read-only transaction of PostgreSQL lets through: files, programs, password hashes, other sessions.

READ ONLY stops no function that reads a file or ends a session, and no reading of the text sees the SQL that a function
builds. So the role is looked at, and everything it may become. A role that shares the rights of the daemon can still
reach the daemon's sessions and locks; for it the functions that do so, and those that run SQL from text, are refused by
name, which no expression can build: only a function that runs SQL from text could.
"""

from __future__ import annotations

import re
from typing import Any

DANGEROUS_ROLES = (
    *("pg_read_server_files", "pg_write_server_files", "pg_execute_server_program", "pg_read_all_data"),
    *("pg_write_all_data", "pg_signal_backend", "pg_monitor", "pg_read_all_stats", "pg_maintain"),
    *("pg_create_subscription", "pg_use_reserved_connections", "pg_checkpoint", "pg_read_all_settings"),
)
"""Predefined roles (chapter "Predefined Roles" of PostgreSQL's manual) that reach beyond the tables."""

DANGEROUS_FUNCTIONS = (
    *("pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "pg_ls_logdir", "pg_ls_waldir"),
    *("lo_import", "lo_export", "pg_reload_conf", "pg_rotate_logfile", "pg_promote", "pg_switch_wal"),
)
"""Functions that only superusers may call unless somebody granted them."""

ROLE_QUERY = """
WITH role AS (
    SELECT * FROM pg_roles
    WHERE rolname IN (session_user, current_user) OR pg_has_role(session_user, oid, 'MEMBER')
)
SELECT session_user, danger FROM (
    SELECT 1 AS rank, 'is a superuser' AS danger FROM role WHERE rolsuper AND rolname = session_user
    UNION ALL SELECT 2, 'can become the superuser ' || rolname FROM role WHERE rolsuper
    UNION ALL SELECT 3, 'is or can become ' || rolname || ', which has ' || trim(both ', ' FROM
        CASE WHEN rolcreaterole THEN 'CREATEROLE, ' ELSE '' END || CASE WHEN rolreplication THEN 'REPLICATION, '
        ELSE '' END || CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE '' END)
        FROM role WHERE rolcreaterole OR rolreplication OR rolbypassrls
    UNION ALL SELECT 4, 'is a member of ' || rolname FROM role WHERE rolname = ANY (%(roles)s)
    UNION ALL SELECT 5, 'may read password hashes (pg_authid)'
        WHERE EXISTS (SELECT FROM role WHERE has_table_privilege(oid, 'pg_catalog.pg_authid', 'SELECT'))
    UNION ALL SELECT 6, 'may call ' || proname FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY (%(functions)s)
        AND EXISTS (SELECT FROM role WHERE has_function_privilege(role.oid, pg_proc.oid, 'EXECUTE'))
) AS found ORDER BY rank, danger LIMIT 1
"""

REFUSED_RE = re.compile(
    r"""
    (?P<name> set_config | current_setting\s*\(\s*'role
    | pg_(terminate|cancel)_backend | pg_(try_)?advisory_\w+ | pg_notify | pg_logical_\w+ | pg_log_backend\w+
    | (query|table|cursor|schema|database)_to_xml\w* | ts_stat | ts_rewrite
    | dblink\w* | crosstab\w* | connectby | lo_(import|export|create?t?|put|unlink|from_bytea|truncate\w*) | lowrite
    )
    | U&\s*"
    """,
    re.IGNORECASE | re.VERBOSE,
)


def refuse_text(sql: str) -> str | None:
    """Return why a statement is refused for a role that the program's own sessions have, too; None if it is not."""
    match = REFUSED_RE.search(sql)
    if match is None:
        return None
    what = match["name"] or 'U&"…"'
    return f"SQL: {what} is refused for this role; name one for reading alone in storage.sql_database"


def role_danger(cursor: Any) -> str | None:
    """Return why the role of a connection is refused, as a sentence that says what to do; None if it is not."""
    cursor.execute(ROLE_QUERY, {"roles": list(DANGEROUS_ROLES), "functions": list(DANGEROUS_FUNCTIONS)})
    found = cursor.fetchone()
    if found is None:
        return None
    return (
        f"SQL: the role {found[0]} {found[1]}, which a statement could use; name the address of a role that may only"
        " read the tables in storage.sql_database"
    )
