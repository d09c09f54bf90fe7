#include "textflag.h"

// Picks the channels of two neighbouring pixels, three bytes each, as pairs of words (near, far): of the pixels at byte 0 in the
// lower half, of those at byte 8 in the upper half. 0x80 gives a zero.
DATA pairs<>+0x00(SB)/8, $0x8004800180038000
DATA pairs<>+0x08(SB)/8, $0x8080808080058002
DATA pairs<>+0x10(SB)/8, $0x800C8009800B8008
DATA pairs<>+0x18(SB)/8, $0x80808080800D800A
GLOBL pairs<>(SB), RODATA|NOPTR, $32

// func horizontal3AVX2(sums *int16, row *byte, near *int32, weights *[8]int16, count int)
//
// Two outputs a turn: eight bytes from each one's near pixel on hold its far pixel too. A product of words added in pairs is the
// weighted sum. Each output is stored as four words, of which the next one overwrites the last.
TEXT ·horizontal3AVX2(SB), NOSPLIT, $0-40
	MOVQ sums+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ near+16(FP), BX
	MOVQ weights+24(FP), DX
	MOVQ count+32(FP), CX
	VMOVDQU pairs<>(SB), Y7

two:
	MOVLQSX 0(BX), R8
	MOVLQSX 4(BX), R9
	VMOVQ (SI)(R8*1), X0
	VPINSRQ $1, (SI)(R9*1), X0, X0
	VINSERTI128 $1, X0, Y0, Y0
	VPSHUFB Y7, Y0, Y0
	VPMADDWD (DX), Y0, Y0
	VPSRAD $4, Y0, Y0
	VPACKSSDW Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VMOVQ X0, 0(DI)
	VMOVQ X1, 6(DI)
	ADDQ $8, BX
	ADDQ $32, DX
	ADDQ $12, DI
	SUBQ $2, CX
	JG two
	VZEROUPPER
	RET

// func verticalAVX2(dst *byte, near, far *int16, wNear, wFar int16, count int)
//
// Sixteen outputs a turn: ((near*wNear)>>16 + (far*wFar)>>16 + 2) >> 2 in words.
TEXT ·verticalAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ near+8(FP), SI
	MOVQ far+16(FP), DX
	VPBROADCASTW wNear+24(FP), Y4
	VPBROADCASTW wFar+26(FP), Y5
	MOVQ count+32(FP), CX
	VPCMPEQW Y6, Y6, Y6
	VPSRLW $15, Y6, Y6
	VPSLLW $1, Y6, Y6 // 2 in every word

sixteen:
	VPMULHW (SI), Y4, Y0
	VPMULHW (DX), Y5, Y1
	VPADDW Y1, Y0, Y0
	VPADDW Y6, Y0, Y0
	VPSRAW $2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSWB X1, X0, X0
	VMOVDQU X0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $16, DI
	SUBQ $16, CX
	JG sixteen
	VZEROUPPER
	RET
