-- The attempts at jobs that may have been at work in a window, each once: the latest submission
-- counts where one was told several times; what was submitted after the window says nothing of it.
-- $begin: TIMESTAMPTZ  begin of the window
-- $until: TIMESTAMPTZ  end of the window
WITH ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY job_id, attempt
        ORDER BY submitted DESC NULLS LAST, ended DESC NULLS LAST, started DESC NULLS LAST,
            team NULLS LAST, x_SourceId, x_FileId NULLS LAST, x_RecordNumber NULLS LAST
    ) AS rank
    FROM job_run
    WHERE job_id <> '' AND attempt IS NOT NULL AND coalesce(submitted, started) < $until
)
SELECT
    job_id, attempt, nullif(workload_id, '') AS workload_id, user_name, team, project,
    accelerator_model, state, gpus, hosts, submitted, started, ended, checkpoint_at
FROM ranked
WHERE rank = 1 AND coalesce(started, submitted) < $until AND (ended IS NULL OR ended > $begin)
ORDER BY job_id, submitted, attempt
