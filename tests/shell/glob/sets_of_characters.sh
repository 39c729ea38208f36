touch a b c A ./- ] 1 _x é
echo [a-c] [!a-c] [[:digit:]] [[:upper:]]* []-] [!]] [a\-c] [é] [[:alpha:]]
echo [z-a] [ab [] [^a]
