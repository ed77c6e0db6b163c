-- CUR 2.0, the Cost and Usage Report of AWS Data Exports, as FOCUS 1.4; docs/connect/cur-mapping.md says why.
-- needs: bill_billing_period_start_date, line_item_currency_code, line_item_line_item_type, line_item_unblended_cost
-- reads: bill_billing_entity, bill_billing_period_end_date, bill_invoice_id, bill_payer_account_id
-- reads: line_item_availability_zone, line_item_legal_entity, line_item_line_item_description, line_item_product_code
-- reads: line_item_resource_id, line_item_tax_type, line_item_unblended_rate, line_item_usage_account_id
-- reads: line_item_usage_amount, line_item_usage_end_date, line_item_usage_start_date, line_item_usage_type
-- reads: pricing_currency, pricing_public_on_demand_cost, pricing_public_on_demand_rate, pricing_rate_code, pricing_unit
-- reads: product_instance_type, product_product_family, product_region_code, product_sku
-- reads: reservation_effective_cost, reservation_reservation_arn, reservation_unused_amortized_upfront_fee_for_billing_period
-- reads: reservation_unused_quantity, reservation_unused_recurring_fee, savings_plan_savings_plan_arn
-- reads: savings_plan_savings_plan_effective_cost, savings_plan_total_commitment_to_date, savings_plan_used_commitment
-- optional: bill_invoicing_entity, line_item_net_unblended_cost, line_item_net_unblended_rate
-- optional: reservation_net_effective_cost, reservation_net_unused_amortized_upfront_fee_for_billing_period
-- optional: reservation_net_unused_recurring_fee, savings_plan_net_savings_plan_effective_cost
-- optional: bill_payer_account_name, capacity_reservation_capacity_reservation_arn
-- optional: capacity_reservation_capacity_reservation_status, capacity_reservation_capacity_reservation_type
-- optional: line_item_usage_account_name, product, product_location, product_location_type
-- gathers: resource_tags from resource_tags_*
-- opens: product.product_name, product.region, product.location, product.location_type, product.capacitystatus
-- amounts: line_item_net_unblended_cost, line_item_unblended_cost, line_item_usage_amount
-- amounts: pricing_public_on_demand_cost, reservation_unused_quantity
-- continues: cur
WITH line AS (
    SELECT
        *,
        "product.product_name" AS service_name,
        coalesce(product_region_code, "product.region") AS region_id,
        coalesce(product_location, "product.location") AS location_name,
        coalesce(product_location_type, "product.location_type") AS location_kind,
        "product.capacitystatus" AS product_capacity_status,
        bill_payer_account_name AS payer_name,
        line_item_usage_account_name AS account_name,
        capacity_reservation_capacity_reservation_arn AS capacity_arn,
        capacity_reservation_capacity_reservation_status AS capacity_state,
        capacity_reservation_capacity_reservation_type AS capacity_type
    FROM record
),
