/*
 * parse.h
 *	  What the parser of model files is made of: typed values, arrays, objects.
 *
 * Every function reads the value that *event has begun and returns false, with
 * the fault reported, if it is not what the key needs.  `key` and the parser's
 * `where` name it in messages.
 */
#ifndef RML_IMPORT_PARSE_H
#define RML_IMPORT_PARSE_H

#include "import/reader.h"
#include "import/xgb.h"

typedef struct RmlParser
{
	RmlReader	reader;
	RmlHost    *host;
	RmlError   *err;
	RmlXgbModel *model;
	int32_t		max_trees;		/* allocated */
	int32_t		max_labels;		/* likewise, features with labels */
	void	   *buffer;			/* array being read, before its size is known */
	size_t		buffer_size;
	char		where[96];		/* "tree 3: " or so, for messages */
} RmlParser;

/* Reads the value of a key. */
typedef bool (*RmlFieldFn) (RmlParser *p, const char *key, const RmlEvent *value, void *target);

/*
 * Feeds each key of the object that *begin started to `field`.  A key longer
 * than any known one is shortened, so it stays unknown.
 */
extern bool rml_parse_object(RmlParser *p, const char *name, const RmlEvent *begin,
							 RmlFieldFn field, void *target);

extern bool rml_parse_expect(RmlParser *p, const char *key, const RmlEvent *event,
							 RmlEventKind kind);
extern bool rml_parse_given_twice(RmlParser *p, const char *key, const RmlEvent *event);

/* Into an array of the type that the name tells; a second one of the same key is a fault. */
extern bool rml_parse_ints(RmlParser *p, const char *key, const RmlEvent *begin, void *target);
extern bool rml_parse_floats(RmlParser *p, const char *key, const RmlEvent *begin, void *target);
extern bool rml_parse_flags(RmlParser *p, const char *key, const RmlEvent *begin, void *target);
extern bool rml_parse_wides(RmlParser *p, const char *key, const RmlEvent *begin, void *target);
extern bool rml_parse_texts(RmlParser *p, const char *key, const RmlEvent *begin, void *target);

extern bool rml_parse_int32(RmlParser *p, const char *key, const RmlEvent *event, int32_t *out);
extern bool rml_parse_name(RmlParser *p, const char *key, const RmlEvent *event, char name[64]);

/* A parameter: an integer >= 0 that XGBoost writes as a string. */
extern bool rml_parse_parameter(RmlParser *p, const char *key, const RmlEvent *event,
								int32_t *out);

/* Digits only, up to INT32_MAX; -1 for anything else. */
extern int64_t rml_parse_digits(const char *text, size_t length);

/* A string that holds a number, or a list of them in brackets. */
extern bool rml_parse_number_list(RmlParser *p, const char *key, const RmlEvent *event,
								  RmlFloatArray *out);

/* The list of trees; the labels of categories. */
extern bool rml_parse_trees(RmlParser *p, const char *key, const RmlEvent *begin);
extern bool rml_parse_cats(RmlParser *p, const char *key, const RmlEvent *value,
						   RmlXgbCats *cats);

#endif
