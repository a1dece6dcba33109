"""What the demo's models see of the two CSV files.

The same rules stand in demo.sql as column types and generated columns.  A number
stays a number, an empty field is missing, and a text value that matters becomes a
true/false column; text columns themselves come with a later release of riskml.
"""
import csv
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

# feature -> (column, value): true where the column has that value
TABLES = {
    "credit": {
        "file": "credit_data.csv",
        "label": ("status", "bad"),
        "numeric": ["seniority", "time", "age", "expenses", "income", "assets",
                    "debt", "amount", "price"],
        "boolean": {
            "home_owner": ("home", "owner"),
            "home_rent": ("home", "rent"),
            "married": ("marital", "married"),
            "records_yes": ("records", "yes"),
            "job_fixed": ("job", "fixed"),
            "job_parttime": ("job", "partime"),
            "job_freelance": ("job", "freelance"),
        },
    },
    "lending": {
        "file": "lending_club.csv",
        "label": ("class", "bad"),
        "numeric": ["funded_amnt", "int_rate", "annual_inc", "delinq_2yrs",
                    "inq_last_6mths", "revol_util", "acc_now_delinq", "open_il_6m",
                    "open_il_12m", "open_il_24m", "total_bal_il", "all_util",
                    "inq_fi", "inq_last_12m", "delinq_amnt", "num_il_tl",
                    "total_il_high_credit_limit"],
        "boolean": {
            "term_60": ("term", "term_60"),
            "verified": ("verification_status", "Verified"),
            "not_verified": ("verification_status", "Not_Verified"),
            "emp_ge_10": ("emp_length", "emp_ge_10"),
            "emp_unknown": ("emp_length", "emp_unk"),
        },
    },
}

# model file -> (name and version riskml gives it in the demo, table)
MODELS = {
    "credit_v1.json": ("credit@1", "credit"),
    "credit_v2.ubj": ("credit@2", "credit"),
    "lending.ubj": ("lending@1", "lending"),
}


def feature_names(table):
    """The features of a table in the order the models use."""
    spec = TABLES[table]
    return spec["numeric"] + list(spec["boolean"])


def load(table):
    """Read a CSV: (features, label, held out), one row per loan in file order.

    Loans are numbered from 1 in file order; every fifth one is held out, that is,
    no model has seen it in training.
    """
    spec = TABLES[table]
    with open(os.path.join(HERE, spec["file"]), newline="") as f:
        rows = list(csv.DictReader(f))
    features = []
    for row in rows:
        values = [float(row[c]) if row[c] else np.nan for c in spec["numeric"]]
        for column, value in spec["boolean"].values():
            values.append(float(row[column] == value) if row[column] else np.nan)
        features.append(values)
    column, value = spec["label"]
    label = np.array([row[column] == value for row in rows])
    held_out = np.arange(1, len(rows) + 1) % 5 == 0
    return np.array(features), label, held_out
