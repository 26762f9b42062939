-- Goods bought and sold on; the family is the category. The source has no cost, so there is no margin.
SELECT
    CAST(p.ProductID AS VARCHAR) AS product,
    p.ProductName AS name,
    c.CategoryName AS family,
    'finished' AS kind,
    p.UnitPrice AS list_price
FROM Products p
LEFT JOIN Categories c ON c.CategoryID = p.CategoryID
ORDER BY p.ProductID
