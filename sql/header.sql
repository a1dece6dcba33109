-- complain if the script is sourced in psql, rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION riskml" to load this file. \quit

-- Everything but the risk_* functions lives here.  An existing schema of this
-- name is refused, so that nobody can plant objects before.
CREATE SCHEMA riskml;
GRANT USAGE ON SCHEMA riskml TO PUBLIC;
COMMENT ON SCHEMA riskml IS 'riskml: model registry and tools; the risk_* scoring functions are in the schema given to CREATE EXTENSION';
