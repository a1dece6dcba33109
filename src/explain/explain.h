/*
 * explain.h
 *	  Why a row has its margin: contributions of the features to it.
 *
 * Exact contributions are Shapley values of the game whose players are the
 * features, and in which a coalition's worth is the tree's value where splits
 * on other features lead to both sides, by the shares of training rows that
 * went there (the covers).  They are computed as an integral over the
 * multilinear extension of that game (G. Owen, Multilinear Extensions of
 * Games, Management Science 18, 1972), summed along edges as Linear TreeSHAP
 * does (Yu, Xu, Bifet, Read, 2022); docs/explain.md has the derivation.
 *
 * Approximate ones (Saabas) are the steps between the means of the nodes along
 * the row's path.
 *
 * A list of contributions has one per feature and then the base value, what
 * the margin is without any knowledge of the row.
 */
#ifndef RML_EXPLAIN_EXPLAIN_H
#define RML_EXPLAIN_EXPLAIN_H

#include "base/host.h"
#include "model/image.h"

/* Splits of a path, at most; deeper trees are refused. */
#define RML_EXPLAIN_MAX_DEPTH 4096

/* What is known of a model before any row comes. */
typedef struct RmlExplainer
{
	uint32_t	depth;			/* splits on the longest path of any tree */
	uint8_t    *n_blocks;		/* of nodes of quadrature, by tree: see paths.h */
	int			most_blocks;
	struct RmlRule *rules;		/* of 1, 2, ... blocks */
	double	   *base;			/* base value of each output */
	float	   *means;			/* of each node, or n_mean of them; NULL: not computed yet */
	uint32_t	n_means;		/* per node: 1, or one per output */
} RmlExplainer;

/* Room to work in; any number of rows use it one after the other. */
typedef struct RmlExplainSpace RmlExplainSpace;

/*
 * Fills it, with memory of host.  RML_UNSUPPORTED: the model has no covers;
 * RML_LIMIT: it is too deep.
 */
extern bool rml_explain_prepare(RmlExplainer *explainer, const RmlImage *image, RmlHost *host, RmlError *err);

/* The same with what approximate contributions need; once, after the former. */
extern void rml_explain_prepare_means(RmlExplainer *explainer, const RmlImage *image, RmlHost *host);

extern RmlExplainSpace *rml_explain_space(const RmlExplainer *explainer, const RmlImage *image, RmlHost *host);
extern void rml_explain_release(RmlExplainSpace *space, RmlHost *host);

/*
 * Contributions to one output's margin, n_features + 1 of them.  `poll` (or
 * NULL) is called now and then, and may leave by longjmp; the space is fit for
 * use afterwards.
 */
extern void rml_explain_row(const RmlExplainer *explainer, const RmlImage *image, RmlExplainSpace *space,
							const float *row, int output, double *contributions, void (*poll) (void));

/* The same, approximate; the means must be prepared. */
extern void rml_explain_approximately(const RmlExplainer *explainer, const RmlImage *image, const float *row,
									  int output, double *contributions, void (*poll) (void));

#endif
