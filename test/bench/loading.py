"""Fills the server for `make bench`: tables by COPY BINARY, with the values that libxgboost gets."""
import io

import numpy as np

import data

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def binary_rows(x):
    """Rows of float8 in COPY's binary format; NaN becomes NULL, which has a length of -1 and no bytes."""
    n, features = x.shape
    out = np.empty((n, 2 + 12 * features), np.uint8)
    out[:, :2] = np.frombuffer(np.array(features, ">i2").tobytes(), np.uint8)
    fields = out[:, 2:].reshape(n, features, 12)
    missing = np.isnan(x)
    fields[:, :, :4] = np.where(missing, -1, 8).astype(">i4").view(np.uint8).reshape(n, features, 4)
    fields[:, :, 4:] = x.astype(">f8").view(np.uint8).reshape(n, features, 8)
    there = np.ones(out.shape, bool)
    there[:, 2:].reshape(n, features, 12)[:, :, 4:] = ~missing[:, :, None]
    return out[there].tobytes()


def load_table(session, table, n, features):
    """Creates and fills a table; returns the rows as float32, as libxgboost takes them."""
    columns = ", ".join(f"{c} float8" for c in data.names(features))
    # in the transaction that creates it, COPY fills no gaps in earlier pages: rows stay in order
    session.run("BEGIN")
    session.run(f"CREATE TABLE {table} ({columns})")
    matrix, at = np.empty((n, features), np.float32), 0
    for x in data.rows(n, features):
        session.cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT binary)",
                                   io.BytesIO(SIGNATURE + binary_rows(x) + b"\xff\xff"))
        matrix[at:at + len(x)] = x
        at += len(x)
    session.run("COMMIT")
    session.run(f"VACUUM (FREEZE, ANALYZE) {table}")
    return matrix


def load_keyed(session, n):
    """The first n rows once more, with a key."""
    session.run(f"CREATE TABLE keyed AS SELECT (row_number() OVER ())::int AS id, l.* "
                f"FROM (SELECT * FROM loans LIMIT {n}) l")
    session.run("ALTER TABLE keyed ADD PRIMARY KEY (id)")
    session.run("VACUUM (FREEZE, ANALYZE) keyed")


def import_model(session, name, path, options="{}"):
    with open(path, "rb") as file:
        session.run("SELECT riskml.import_model(%s, %s::bytea, options => %s)", (name, file.read(), options))
