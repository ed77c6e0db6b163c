-- Each of `charge` with who owns it by the input `owner`, and the days that it covers.
owned AS (
    SELECT
        charge.*, owner.team, owner.shared_pool,
        CAST(coalesce(starts, CAST(x_BillingPeriod || '-01' AS TIMESTAMPTZ)) AS DATE) AS charge_day,
        CAST(CASE WHEN stops > starts THEN date_diff(
            'day', CAST(starts AS DATE), CAST(stops - INTERVAL 1 SECOND AS DATE)
        ) + 1 ELSE 1 END AS INTEGER) AS charge_days
    FROM charge LEFT JOIN owner
        ON charge.provider IS NOT DISTINCT FROM owner.provider
        AND charge.billing_account IS NOT DISTINCT FROM owner.billing_account
        AND charge.sub_account IS NOT DISTINCT FROM owner.sub_account
        AND charge.service IS NOT DISTINCT FROM owner.service
        AND charge.resource IS NOT DISTINCT FROM owner.resource
        AND charge.pool IS NOT DISTINCT FROM owner.pool
        AND charge.charge_category IS NOT DISTINCT FROM owner.charge_category
        AND charge.commitment_status IS NOT DISTINCT FROM owner.commitment_status
        AND charge.commitment IS NOT DISTINCT FROM owner.commitment
        AND charge.reservation IS NOT DISTINCT FROM owner.reservation
        AND charge.tag_values IS NOT DISTINCT FROM owner.tag_values
)
