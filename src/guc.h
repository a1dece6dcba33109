/*
 * guc.h
 *	  Settings of riskml.
 */
#ifndef RML_GUC_H
#define RML_GUC_H

extern bool rml_guc_enable_batch;
extern int	rml_guc_max_model_bytes;
extern int	rml_guc_local_cache_size;
extern int	rml_guc_shared_cache_size;	/* kB */

/* Name of the kernel that is forced, or NULL. */
extern const char *rml_guc_kernel_name(void);

extern void rml_guc_init(void);

#endif
