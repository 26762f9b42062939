SELECT CAST(SupplierID AS VARCHAR) AS supplier, CompanyName AS name, Country AS segment
FROM Suppliers
ORDER BY SupplierID
