-- Item (27). "Replenishment System" says whether an item is bought or made.
SELECT "No." AS product, "Description" AS name, NULLIF("Item Category Code", '') AS family,
    CASE WHEN "Type" = 'Service' THEN 'service' WHEN "Inventory Posting Group" LIKE 'RAW%' THEN 'material'
        ELSE 'finished' END AS kind,
    number_us("Unit Cost") AS standard_cost,
    number_us("Unit Price") AS list_price
FROM Item
