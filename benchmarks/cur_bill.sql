-- A CUR 2.0 bill as AWS Data Exports writes it: $lines lines of one month, doubles for amounts, maps for the product
-- and the tags; on demand, Savings Plans and spot beside each other, one line in five of a machine with accelerators.
WITH line AS (
    SELECT
        i,
        hash(i) AS h,
        hash(i // 744) AS resource,
        i % 744 AS hour,
        round((hash(i) % 100000) / 7000.0::DOUBLE, 10) AS quantity,
        [55.04, 12.24, 0.0000004, 0.023, 0.3928, 3.06, 0.09, 32.7726][1 + (hash(i // 744) % 8)::INTEGER]::DOUBLE AS rate,
        ['p5.48xlarge', 'm7i.4xlarge', 'c7g.2xlarge', 'r6i.8xlarge', 'm6a.large'][1 + (hash(i // 744) % 5)::INTEGER] AS machine,
        TIMESTAMP '2026-10-01 00:00:00' + to_hours((i % 744)::INTEGER) AS started
    FROM range($lines) AS numbers(i)
),
kinds AS (
    SELECT *, resource % 9 = 0 AS is_covered, resource % 7 = 0 AND resource % 9 > 0 AS is_spot FROM line
)
SELECT
    'Anniversary' AS bill_bill_type,
    'AWS' AS bill_billing_entity,
    TIMESTAMP '2026-11-01 00:00:00' AS bill_billing_period_end_date,
    TIMESTAMP '2026-10-01 00:00:00' AS bill_billing_period_start_date,
    '' AS bill_invoice_id,
    'Amazon Web Services, Inc.' AS bill_invoicing_entity,
    (100000000000 + resource % 3)::VARCHAR AS bill_payer_account_id,
    'Payer ' || (resource % 3) AS bill_payer_account_name,
    printf('%016x', h) AS identity_line_item_id,
    strftime(started, '%Y-%m-%dT%H:00:00Z/') || strftime(started + INTERVAL 1 HOUR, '%Y-%m-%dT%H:00:00Z') AS identity_time_interval,
    'us-east-1' || ['a', 'b', 'c'][1 + (resource % 3)::INTEGER] AS line_item_availability_zone,
    round(rate * quantity, 10) AS line_item_blended_cost,
    rate::VARCHAR AS line_item_blended_rate,
    'USD' AS line_item_currency_code,
    'Amazon Web Services, Inc.' AS line_item_legal_entity,
    '$' || rate || ' per On Demand Linux ' || machine || ' Instance Hour' AS line_item_line_item_description,
    CASE WHEN is_covered THEN 'SavingsPlanCoveredUsage' ELSE 'Usage' END AS line_item_line_item_type,
    'RunInstances' AS line_item_operation,
    'AmazonEC2' AS line_item_product_code,
    'arn:aws:ec2:us-east-1:' || (200000000000 + resource % 120) || ':instance/i-' || printf('%016x', resource) AS line_item_resource_id,
    '' AS line_item_tax_type,
    round(rate * quantity, 10) AS line_item_unblended_cost,
    rate::VARCHAR AS line_item_unblended_rate,
    (200000000000 + resource % 120)::VARCHAR AS line_item_usage_account_id,
    'account-' || (resource % 120) AS line_item_usage_account_name,
    quantity AS line_item_usage_amount,
    started + INTERVAL 1 HOUR AS line_item_usage_end_date,
    started AS line_item_usage_start_date,
    CASE WHEN is_spot THEN 'SpotUsage:' ELSE 'BoxUsage:' END || machine AS line_item_usage_type,
    'USD' AS pricing_currency,
    round(rate * quantity, 10) AS pricing_public_on_demand_cost,
    rate::VARCHAR AS pricing_public_on_demand_rate,
    'SKU' || (resource % 3000) || '.JRTCKXETXF.6YS6EN2CT7' AS pricing_rate_code,
    CASE WHEN is_spot THEN 'Spot' ELSE 'OnDemand' END AS pricing_term,
    'Hrs' AS pricing_unit,
    MAP {
        'product_name': 'Amazon Elastic Compute Cloud', 'region': 'us-east-1', 'location': 'US East (N. Virginia)',
        'capacitystatus': 'Used', 'operating_system': 'Linux', 'tenancy': 'Shared'
    } AS product,
    machine AS product_instance_type,
    'Compute Instance' AS product_product_family,
    'us-east-1' AS product_region_code,
    'SKU' || (resource % 3000) AS product_sku,
    0.0::DOUBLE AS reservation_effective_cost,
    '' AS reservation_reservation_a_r_n,
    MAP {
        'user:team': 'team-' || (resource % 40),
        'user:environment': ['prod', 'dev', 'research'][1 + (resource % 3)::INTEGER],
        'user:project': 'p' || (resource % 300)
    } AS resource_tags,
    CASE WHEN is_covered THEN 'arn:aws:savingsplans::1000:savingsplan/' || (resource % 40) ELSE '' END AS savings_plan_savings_plan_a_r_n,
    CASE WHEN is_covered THEN round(rate * quantity * 0.7::DOUBLE, 10) ELSE 0.0::DOUBLE END AS savings_plan_savings_plan_effective_cost,
    0.0::DOUBLE AS savings_plan_total_commitment_to_date,
    0.0::DOUBLE AS savings_plan_used_commitment
FROM kinds
