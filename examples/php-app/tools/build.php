<?php

// Makes the site: php build.php DIRECTORY.

declare(strict_types=1);

require dirname(__DIR__) . '/vendor/autoload.php';

$target = $argv[1];
@mkdir($target, 0777, true);
$catalogue = Shop\Catalogue::read('products.txt');
ob_start();
require dirname(__DIR__) . '/public/index.php';
file_put_contents("$target/index.html", ob_get_clean());
$prices = array_map(fn (Money\Money $price): int => $price->cents, $catalogue->all());
file_put_contents("$target/prices.json", json_encode($prices, JSON_PRETTY_PRINT) . "\n");
printf("built %d products with PHP %s\n", count($prices), PHP_VERSION);
