<?php

declare(strict_types=1);

use Money\Money;
use Shop\Cart;
use Testing\TestCase;

final class CartTest extends TestCase
{
    public function testAnEmptyCartCostsNothing(): void
    {
        $cart = new Cart();
        $this->same(true, $cart->isEmpty());
        $this->same('0.00', (string) $cart->total());
    }

    public function testTheTotalCountsEveryPiece(): void
    {
        $cart = new Cart();
        $cart->add('tea', new Money(450), 2);
        $cart->add('cup', new Money(1290));
        $cart->add('tea', new Money(450));
        $this->same('26.40', (string) $cart->total());
        $this->same(3, $cart->lines()[0]['count'], 'the count of tea');
    }

    public function testNothingIsAddedLessThanOnce(): void
    {
        $this->throws(InvalidArgumentException::class, fn () => (new Cart())->add('tea', new Money(1), 0));
    }
}
