<?php

declare(strict_types=1);

use Shop\Catalogue;
use Testing\TestCase;

final class CatalogueTest extends TestCase
{
    public function testPricesAreReadAndSorted(): void
    {
        $catalogue = Catalogue::read('products.txt');
        $this->same(['coffee', 'cup', 'tea'], array_keys($catalogue->all()));
        $this->same('6.20', (string) $catalogue->price('coffee'));
        $this->throws(OutOfBoundsException::class, fn () => $catalogue->price('gold'));
    }

    public function testWhatIsNoProductIsTold(): void
    {
        $file = tempnam('/tmp', 'cat');
        file_put_contents($file, "tea;450\ncoffee\n");
        try {
            $this->throws(UnexpectedValueException::class, fn () => Catalogue::read($file));
        } finally {
            unlink($file);
        }
    }
}
