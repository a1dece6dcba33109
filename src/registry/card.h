/*
 * card.h
 *	  The parts of riskml.model_card(), and what writes them.
 */
#ifndef RML_REGISTRY_CARD_H
#define RML_REGISTRY_CARD_H

#include "lib/stringinfo.h"

#include "registry/acting.h"
#include "registry/resolve.h"

typedef enum RmlCardStyle
{
	RML_CARD_TEXT,				/* prose of users */
	RML_CARD_NAME,
	RML_CARD_NUMBER,
	RML_CARD_CODE				/* a block of SQL; not in tables */
} RmlCardStyle;

/* A column of a statement: its heading, and how it is shown. */
typedef struct RmlCardField
{
	const char *title;
	RmlCardStyle style;
} RmlCardField;

typedef struct RmlCard
{
	StringInfo	out;
	RmlBinding	binding;
	bool		is_owner;		/* who reads it sees queries and who did what */
	bool		sees_recipe;
	RmlParam	params[5];		/* of every statement: $1 model_id, $2 version, $3 is_owner, $4 labels of each feature, $5 may promote */
} RmlCard;

#define RML_CARD_PARAMS 5

/*
 * A line "- title: value" for each column of the one row that is not NULL.  All columns are of type text, here and below.
 * False if there is no row.
 */
extern bool rml_card_facts(RmlCard *card, const char *sql, const RmlCardField *fields);

/* A table with a row for each of the statement's; the last field has no title.  Returns the number of rows. */
extern uint64 rml_card_table(RmlCard *card, const char *sql, const RmlCardField *fields);

/* The one value of a statement, palloc'd; NULL if there is none. */
extern char *rml_card_value(RmlCard *card, const char *sql);

extern void rml_card_heading(RmlCard *card, const char *heading);
extern void rml_card_sentence(RmlCard *card, const char *format,...) __attribute__((format(printf, 2, 3)));

/* ---- the parts ---- */

extern void rml_card_data(RmlCard *card);
extern void rml_card_inputs(RmlCard *card);
extern void rml_card_parameters(RmlCard *card);
extern void rml_card_metrics(RmlCard *card);
extern void rml_card_gates(RmlCard *card);
extern void rml_card_approvals(RmlCard *card);
extern void rml_card_lineage(RmlCard *card);

#endif
