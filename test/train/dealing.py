"""Which rows are held out, or to which fold they belong, as docs/training.md says it: the rule of src/math/deal.c, written anew."""
import numpy as np


def mix(x):
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9e3779b97f4a7c15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return x ^ (x >> np.uint64(31))


def hashes(values, label, seed):
    """Of rows: their features in order, then the label, each as the bits of a float32."""
    found = np.full(len(values), np.uint64(seed % (1 << 64)))
    for column in [*np.asarray(values, dtype=np.float32).T, label]:
        bits = np.where(np.isnan(column), np.float32("nan"), column).astype(np.float32).view(np.uint32).copy()
        bits[np.isnan(column)] = 0x7fc00000
        found = mix(found ^ bits.astype(np.uint64))
    return found


def order(hashed, strata):
    """By hash within each stratum.  Equal rows are numbered, and all but the first of them get a new hash from their number."""
    sorted_rows = np.lexsort((np.arange(len(hashed)), hashed, strata))
    found, place = hashed[sorted_rows], np.arange(len(hashed))
    first = np.append(True, (found[1:] != found[:-1]) | (np.diff(strata[sorted_rows]) != 0))
    number = (place - np.maximum.accumulate(np.where(first, place, 0))).astype(np.uint64)
    rehashed = np.empty_like(hashed)
    rehashed[sorted_rows] = np.where(first, found, mix(found ^ number))
    return np.lexsort((np.arange(len(hashed)), rehashed, strata))


def deal_fraction(values, label, seed, fraction, stratify=True):
    """True for those that are held out."""
    strata = label.astype(int) if stratify else np.zeros(len(label), int)
    sorted_rows = order(hashes(values, label, seed), strata)
    out = np.zeros(len(label), bool)
    for stratum in np.unique(strata):
        members = sorted_rows[strata[sorted_rows] == stratum]
        out[members[:int(np.floor(len(members) * fraction + 0.5))]] = True
    return out


def deal_folds(values, label, seed, folds, stratify=True):
    """Numbers from 1."""
    strata = label.astype(int) if stratify else np.zeros(len(label), int)
    found = np.empty(len(label), int)
    found[order(hashes(values, label, seed), strata)] = np.arange(len(label)) % folds + 1
    return found


def deal_groups(values, label, groups, seed, folds):
    """As deal_folds(), whole groups; groups are numbers that rise."""
    numbers, index = np.unique(groups, return_inverse=True)
    sums = np.zeros(len(numbers), dtype=np.uint64)
    np.add.at(sums, index, hashes(values, label, seed))
    found = np.empty(len(numbers), int)
    found[order(sums, np.zeros(len(numbers), int))] = np.arange(len(numbers)) % folds + 1
    return found[index]
