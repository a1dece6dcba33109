/*
 * guc.h
 *	  Settings of riskml.
 */
#ifndef RML_GUC_H
#define RML_GUC_H

extern int	rml_guc_max_model_bytes;
extern int	rml_guc_local_cache_size;	/* kB */
extern int	rml_guc_kernel;		/* index in rml_kernels, or RML_KERNEL_AUTO */

#define RML_KERNEL_AUTO (-1)

extern void rml_guc_init(void);

#endif
