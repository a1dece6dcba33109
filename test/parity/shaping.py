"""What all shapes are made with.  A shape is a function that yields three models or more
of one cell of the second matrix; one that did not come out as named raises, so that no
cell is filled by accident."""
import zlib

import numpy as np

from models import FORMS, LIB, SETS, derived, native, train
from oracle import doc_of


class Shapes(dict):
    """Shapes of one file, by the name of their row."""

    def add(self, name):
        def keep(function):
            self[name] = function
            return function
        return keep


class Context:
    """What a shape gets: data sets, random numbers, whether to take more."""

    def __init__(self, sets, seed, long=False):
        self.sets, self.seed, self.long = sets, seed, long

    def rng(self, row, i):
        return np.random.default_rng([self.seed, zlib.crc32(row.encode()), i])


def demand(condition, what):
    if not condition:
        raise AssertionError(f"shape not reached: {what}")


def simple(context, row, sets=SETS, objective="binary:logistic", rounds=8, **params):
    """Native models with these parameters, one for each data set."""
    for i, name in enumerate(sets):
        data = context.sets[name]
        booster = train(data, objective, rounds, context.rng(row, i), **params)
        yield native(row, "shape", data, booster, FORMS[i % 3])


def boosters(context, row, sets=SETS, objective="binary:logistic", rounds=8, **params):
    """Boosters to derive files from: (index, data, booster, document, rng)."""
    for i, name in enumerate(sets):
        data, rng = context.sets[name], context.rng(row, i)
        booster = train(data, objective, rounds, rng, **params)
        yield i, data, booster, doc_of(booster), rng


def read_here(row, data, doc, i, **more):
    """A rewritten document that this libxgboost reads as it is meant."""
    return derived(row, "shape", data, None, doc, FORMS[i % 3], **more)


def rewritten(row, data, booster, doc, i, **more):
    """A document that this libxgboost reads if its own release would have written it; else
    beside a booster with the same trees."""
    version = tuple(doc["version"])
    if version[:2] == LIB[:2] and version >= LIB:
        return read_here(row, data, doc, i, **more)
    return derived(row, "shape", data, booster, doc, FORMS[i % 3], **more)
