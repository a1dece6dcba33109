"""What the checks of test/stats share: a session, data sets, comparisons."""
import io
import math

import numpy as np
import psycopg2

if int(np.__version__.split(".")[0]) >= 2:
    np.set_printoptions(legacy="1.25")      # a float64 is printed, and sent, as its digits


class Database:
    """A connection by the PG* environment; each check works in tables of its own."""

    def __init__(self):
        self.connection = psycopg2.connect("")
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def run(self, query, values=None):
        self.cursor.execute(query, values)

    def rows(self, query, values=None):
        self.cursor.execute(query, values)
        return self.cursor.fetchall()

    def row(self, query, values=None):
        return self.rows(query, values)[0]

    def value(self, query, values=None):
        return self.row(query, values)[0]

    def error(self, query, values=None):
        """(SQLSTATE, message) of the error that it must raise; (None, None) if there is none."""
        try:
            self.cursor.execute(query, values)
        except psycopg2.Error as error:
            return error.pgcode, error.diag.message_primary
        return None, None

    def table(self, name, **columns):
        """A temporary table with these columns, of "type: values"; None and, in float arrays, nothing else is NULL.

        table("t", x=("float8", [1.0, None]), label=("boolean", [True, False]))
        """
        self.run(f"DROP TABLE IF EXISTS {name}")
        self.run(f"CREATE TEMP TABLE {name} (" + ", ".join(f"{c} {kind}" for c, (kind, _) in columns.items()) + ")")
        lines = ("\t".join(map(field, row)) for row in zip(*(values for _, values in columns.values()), strict=True))
        self.cursor.copy_expert(f"COPY {name} FROM STDIN", io.StringIO("".join(line + "\n" for line in lines)))


def field(value):
    if value is None:
        return "\\N"
    if isinstance(value, (bool, np.bool_)):
        return "t" if value else "f"
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).replace("inf", "Infinity").replace("nan", "NaN")
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def near(found, wanted, relative=1e-12, absolute=0.0):
    """Equal within a tolerance; None only to None, NaN to NaN; arrays element by element."""
    if isinstance(found, (list, tuple)) or isinstance(wanted, (list, tuple, np.ndarray)):
        found, wanted = list(found), list(wanted)
        return len(found) == len(wanted) and all(near(f, w, relative, absolute) for f, w in zip(found, wanted))
    if found is None or wanted is None:
        return found is None and wanted is None
    found, wanted = float(found), float(wanted)
    if math.isnan(found) or math.isnan(wanted):
        return math.isnan(found) and math.isnan(wanted)
    return math.isclose(found, wanted, rel_tol=relative, abs_tol=absolute)
