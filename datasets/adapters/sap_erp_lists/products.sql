-- Materials as the list names them.
SELECT product, COALESCE(NULLIF(MIN(name), ''), product) AS name, 'material' AS kind
FROM items WHERE list = 'MB51' AND is_item
GROUP BY product
ORDER BY product
