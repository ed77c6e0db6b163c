-- The attempts at jobs that may have been at work in a window, as the part `told_attempt` tells them. An attempt of
-- which no end is known has ended when the next one was submitted. What was submitted after the window says nothing
-- of it.
-- $begin: TIMESTAMPTZ  begin of the window
-- $until: TIMESTAMPTZ  end of the window
-- with told_attempt
WITH lived AS (
    SELECT
        *, CASE WHEN ended IS NULL AND followed > coalesce(started, submitted) AND followed < $until
            THEN followed ELSE ended END AS over_at
    FROM told_attempt
)
SELECT
    source, job_id, CAST(number AS INTEGER) AS attempt, nullif(workload_id, '') AS workload_id, user_name, team,
    project, accelerator_model, state, gpus, hosts, submitted, started, over_at AS ended, checkpoint_at
FROM lived
WHERE coalesce(submitted, started) < $until AND coalesce(started, submitted) < $until
    AND (over_at IS NULL OR over_at > $begin)
ORDER BY job_id, source, attempt
