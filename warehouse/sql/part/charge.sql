-- The cost lines of $period with what the rules of a policy look at, and the machine that they are about.
tagged AS (
    SELECT Tags AS tags_text, CAST(to_json(list_transform(
        CAST($tag_paths AS VARCHAR[]),
        lambda path: json_extract_string(CASE WHEN json_valid(Tags) THEN Tags END, path)
    )) AS VARCHAR) AS tag_values
    FROM (SELECT DISTINCT Tags FROM cost_line WHERE x_BillingPeriod = $period)
), line AS (
    SELECT
        *, coalesce(ChargePeriodStart, BillingPeriodStart) AS starts,
        coalesce(ChargePeriodEnd, ChargePeriodStart, BillingPeriodEnd) AS stops,
        coalesce(CommitmentDiscountId, CapacityReservationId) AS commitment_id,
        CASE
            WHEN CommitmentDiscountStatus = 'Unused' OR CapacityReservationStatus = 'Unused'
                THEN 'Unused'
            ELSE coalesce(CommitmentDiscountStatus, CapacityReservationStatus)
        END AS commitment_state
    FROM cost_line WHERE x_BillingPeriod = $period
), charge AS (
    SELECT
        line.*,
        CASE WHEN list_contains($properties, 'provider') THEN ServiceProviderName END AS provider,
        CASE WHEN list_contains($properties, 'account') THEN BillingAccountId END AS billing_account,
        CASE WHEN list_contains($properties, 'account') THEN SubAccountId END AS sub_account,
        CASE WHEN list_contains($properties, 'service') THEN ServiceName END AS service,
        CASE WHEN list_contains($properties, 'resource') THEN ResourceId END AS resource,
        CASE WHEN list_contains($properties, 'pool') AND (begins <= starts OR begins < stops)
            THEN machine.pool END AS pool,
        CASE WHEN begins <= starts OR begins < stops THEN machine_host END AS machine_host,
        CASE WHEN begins <= starts OR begins < stops THEN machine.pool END AS machine_pool,
        CASE WHEN begins <= starts OR begins < stops THEN accelerator_count END AS machine_gpus,
        CASE WHEN list_contains($properties, 'charge_category') THEN ChargeCategory END
            AS charge_category,
        CASE WHEN list_contains($properties, 'commitment_status') THEN commitment_state END
            AS commitment_status,
        CASE WHEN list_contains($properties, 'commitment') AND commitment_state = 'Unused'
            THEN CommitmentDiscountId END AS commitment,
        CASE WHEN list_contains($properties, 'commitment') AND commitment_state = 'Unused'
            THEN CapacityReservationId END AS reservation,
        tag_values
    FROM line LEFT JOIN machine
        ON machine.kind = 'resource' AND machine.name = line.ResourceId
        AND line.starts >= machine.reach AND line.starts < machine.ends
    LEFT JOIN tagged ON tagged.tags_text = line.Tags
)
