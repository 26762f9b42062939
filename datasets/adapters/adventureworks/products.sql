-- A row is a version of a product, as in the source: sales and stock refer to versions (ProductKey), and each
-- version has its own standard cost. 606 versions stand for 504 products.
SELECT
    CAST(p.ProductKey AS VARCHAR) AS product,
    p.EnglishProductName AS name,
    c.EnglishProductCategoryName AS family,
    CASE WHEN p.FinishedGoodsFlag THEN 'finished' ELSE 'material' END AS kind,
    p.StandardCost AS standard_cost,
    p.ListPrice AS list_price
FROM DimProduct p
LEFT JOIN DimProductSubcategory s ON s.ProductSubcategoryKey = p.ProductSubcategoryKey
LEFT JOIN DimProductCategory c ON c.ProductCategoryKey = s.ProductCategoryKey
ORDER BY p.ProductKey
