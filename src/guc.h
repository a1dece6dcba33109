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
extern char *rml_guc_databases;
extern bool rml_guc_run_jobs;
extern int	rml_guc_max_workers;
extern int	rml_guc_history_days;
extern int	rml_guc_history_runs;
extern int	rml_guc_trainer_memory;	/* kB */
extern int	rml_guc_trainer_threads;
extern int	rml_guc_max_trainers;
extern char *rml_guc_trainer_path;

/* Name of the kernel that is forced, or NULL. */
extern const char *rml_guc_kernel_name(void);

extern void rml_guc_init(void);

#endif
