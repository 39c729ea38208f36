top=$PWD; mkdir d; (cd d; basename "$PWD"); [ "$PWD" = "$top" ] && echo same
