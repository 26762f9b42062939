SELECT 'company' AS unit, 'Company of the training system' AS name, 'company' AS kind, 'EUR' AS currency
