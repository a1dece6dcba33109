/*
 * literal.c
 *	  Values of a suite as SQL literals, and operators between them and columns.
 *
 * Nothing of a suite gets into SQL but as a quoted literal with a cast, so what
 * it says can be no more than a value.  Operators are named with their schema.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "quality/json.h"
#include "quality/literal.h"

char *
rml_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace), NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}

bool
rml_is_integer_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

bool
rml_is_float_type(Oid type)
{
	return type == FLOAT4OID || type == FLOAT8OID;
}

bool
rml_is_number_type(Oid type)
{
	return rml_is_integer_type(type) || rml_is_float_type(type) || type == NUMERICOID || type == OIDOID || type == CASHOID;
}

/* ---- numbers ---- */

/* Does an integer, as text, fit? */
static bool
fits(const char *text, Oid type)
{
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	return type == INT8OID || (type == INT4OID && value >= PG_INT32_MIN && value <= PG_INT32_MAX) ||
		(type == INT2OID && value >= PG_INT16_MIN && value <= PG_INT16_MAX);
}

/* JSON's 1.0 is 1. */
static char *
number_text(const JsonbValue *value)
{
	char	   *text = rml_json_out(value);

	if (rml_json_is_integer(value) && strchr(text, '.') != NULL)
		*strchr(text, '.') = '\0';
	return text;
}

/* The type that a number is to have beside one of a type. */
static Oid
type_of_number(const JsonbValue *value, Oid type)
{
	if (!rml_is_integer_type(type))
		return type == FLOAT4OID ? FLOAT8OID : type;
	if (fits(number_text(value), type))
		return type;
	return fits(number_text(value), INT8OID) ? INT8OID : NUMERICOID;
}

/* ---- literals ---- */

static const char *
kind_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvBinary:
			return "a list or an object";
		default:
			return "null";
	}
}

static char *
cast_to(const char *text, Oid type)
{
	return psprintf("%s::%s", quote_literal_cstr(text), rml_type_name(type));
}

char *
rml_literal(const JsonbValue *value, Oid type)
{
	if (value->type == jbvString)
		return cast_to(rml_json_string(value), rml_is_float_type(type) ? FLOAT8OID : type);
	if (value->type == jbvNumeric && rml_is_number_type(type))
		return cast_to(number_text(value), type_of_number(value, type));
	if (value->type == jbvBool && type == BOOLOID)
		return cast_to(value->val.boolean ? "true" : "false", type);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("value %s is %s, what it is compared with has type %s", rml_json_out(value), kind_of(value),
					format_type_be(type))));
	return NULL;
}

char *
rml_value_text(const JsonbValue *value, Oid type)
{
	Oid			compared = type == FLOAT4OID ? FLOAT8OID : type;
	Oid			function;
	Oid			parameter;
	char	   *text;

	(void) rml_literal(value, type);
	if (value->type == jbvNumeric && type_of_number(value, type) != compared)
		return NULL;
	text = value->type == jbvString ? rml_json_string(value) : value->type == jbvBool ? pstrdup(value->val.boolean ? "true" : "false") :
		number_text(value);
	/* one that cannot be read is found now */
	getTypeInputInfo(compared, &function, &parameter);
	(void) OidInputFunctionCall(function, text, parameter, -1);
	return text;
}

char *
rml_value_texts(const JsonbValue *list, Oid type)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < rml_json_length(list); i++)
	{
		JsonbValue *value = rml_json_element(list, i);
		char	   *text;

		if (value->type == jbvNull)
			continue;
		text = rml_value_text(value, type);
		if (text == NULL)
			return NULL;
		appendStringInfoString(&json, json.len == 0 ? "[" : ", ");
		escape_json(&json, text);
	}
	appendStringInfoString(&json, json.len == 0 ? "[]" : "]");
	return json.data;
}

/* The type that all of a list can have. */
static Oid
type_of_list(const JsonbValue *list, Oid type)
{
	Oid			widest = rml_is_float_type(type) ? FLOAT8OID : type;

	for (int i = 0; i < rml_json_length(list); i++)
	{
		JsonbValue *value = rml_json_element(list, i);
		Oid			needed = value->type == jbvNumeric ? type_of_number(value, type) : widest;

		if (needed == NUMERICOID || (needed == INT8OID && widest != NUMERICOID))
			widest = needed;
	}
	return widest;
}

char *
rml_literal_array(const JsonbValue *list, Oid type, int *n)
{
	Oid			element = type_of_list(list, type);
	StringInfoData sql;

	initStringInfo(&sql);
	*n = 0;
	appendStringInfoString(&sql, "ARRAY[");
	for (int i = 0; i < rml_json_length(list); i++)
	{
		JsonbValue *value = rml_json_element(list, i);

		if (value->type != jbvNull)
			appendStringInfo(&sql, "%s%s", (*n)++ == 0 ? "" : ", ", rml_literal(value, type));
	}
	/* of domains and of types that have none there is no array */
	if (!OidIsValid(get_array_type(element)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("there are no sets of type %s", format_type_be(type))));
	appendStringInfo(&sql, "]::%s", rml_type_name(get_array_type(element)));
	return sql.data;
}

/* ---- operators ---- */

static Oid
member(Oid type, const char *name)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_BTREE_OPFAMILY);
	Oid			equal = entry->eq_opr;

	if (strcmp(name, "=") == 0)
		return equal;
	if (strcmp(name, "<>") == 0)
		return OidIsValid(equal) ? get_negator(equal) : InvalidOid;
	if (!OidIsValid(entry->btree_opf))
		return InvalidOid;
	return get_opfamily_member(entry->btree_opf, entry->btree_opintype, entry->btree_opintype,
							   strcmp(name, "<") == 0 ? BTLessStrategyNumber :
							   strcmp(name, "<=") == 0 ? BTLessEqualStrategyNumber :
							   strcmp(name, ">") == 0 ? BTGreaterStrategyNumber : BTGreaterEqualStrategyNumber);
}

char *
rml_operator(Oid type, const char *name)
{
	Oid			operator = member(type, name);
	HeapTuple	tuple;
	char	   *sql;

	if (!OidIsValid(operator))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s has no operator %s", format_type_be(type), name)));
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	sql = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace)),
				   NameStr(((Form_pg_operator) GETSTRUCT(tuple))->oprname));
	ReleaseSysCache(tuple);
	return sql;
}
