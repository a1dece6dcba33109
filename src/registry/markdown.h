/*
 * markdown.h
 *	  Texts that others chose, in Markdown: whatever is in them, they stay where they are put.
 */
#ifndef RML_REGISTRY_MARKDOWN_H
#define RML_REGISTRY_MARKDOWN_H

#include "lib/stringinfo.h"

/* Prose within a line: no markup, no HTML, no second line, no cell of a table that ends early. */
extern void rml_markdown_text(StringInfo out, const char *text);

/* Prose with its lines and paragraphs. */
extern void rml_markdown_paragraphs(StringInfo out, const char *text);

/* A name: as code where that is as good as escaping. */
extern void rml_markdown_name(StringInfo out, const char *name);

/* A number as SQL writes it: a fraction with at most six digits that count. */
extern void rml_markdown_number(StringInfo out, const char *number);

/* A block of code of a language, on lines of its own. */
extern void rml_markdown_code(StringInfo out, const char *language, const char *code);

#endif
