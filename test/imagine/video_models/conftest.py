"""Text-to-video pipelines of the published classes, small, with random weights."""

import diffusers
import pytest
import torch
import transformers


def t5_tokenizer():
    letters = [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return transformers.T5TokenizerFast(vocab=special + letters, extra_ids=0)


def t5_encoder(kind="T5"):
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=32, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    return getattr(transformers, f"{kind}EncoderModel")(config)


def clip_tokenizer():
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {piece: number for number, piece in enumerate(pieces)}
    return transformers.CLIPTokenizer(vocab=vocab, merges=[], model_max_length=16)


def clip_encoder():
    config = transformers.CLIPTextConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=52,
        eos_token_id=53,
        pad_token_id=53,
    )
    return transformers.CLIPTextModel(config)


def image_vae():
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
    )


def ltx():
    return diffusers.LTXPipeline(
        transformer=diffusers.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            num_layers=1,
            caption_channels=16,
        ),
        vae=diffusers.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8,) * 4,
            decoder_block_out_channels=(8,) * 4,
            layers_per_block=(1,) * 5,
            decoder_layers_per_block=(1,) * 5,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
    )


def wan():
    return diffusers.WanPipeline(
        transformer=diffusers.WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            text_dim=16,
            freq_dim=16,
            ffn_dim=16,
            num_layers=1,
            rope_max_seq_len=32,
        ),
        vae=diffusers.AutoencoderKLWan(base_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
        scheduler=diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        text_encoder=t5_encoder("UMT5"),
        tokenizer=t5_tokenizer(),
    )


def cogvideox():
    return diffusers.CogVideoXPipeline(
        transformer=diffusers.CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=8,
            in_channels=4,
            out_channels=4,
            time_embed_dim=4,
            text_embed_dim=16,
            num_layers=1,
            sample_width=4,
            sample_height=4,
            sample_frames=9,
            max_text_seq_length=226,
        ),
        vae=diffusers.AutoencoderKLCogVideoX(
            block_out_channels=(8,) * 4, latent_channels=4, layers_per_block=1, norm_num_groups=2
        ),
        scheduler=diffusers.CogVideoXDDIMScheduler(),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
    )


def modelscope():
    return diffusers.TextToVideoSDPipeline(
        vae=image_vae(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=diffusers.UNet3DConditionModel(
            block_out_channels=(8, 8),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
            up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
            norm_num_groups=4,
            cross_attention_dim=16,
            attention_head_dim=4,
        ),
        scheduler=diffusers.DDIMScheduler(),
    )


def image_unet():
    return diffusers.UNet2DConditionModel(
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=2,
    )


def motion_adapter():
    return diffusers.MotionAdapter(
        block_out_channels=(8, 8),
        motion_layers_per_block=1,
        motion_num_attention_heads=2,
        motion_norm_num_groups=4,
    )


def animatediff():
    return diffusers.AnimateDiffPipeline(
        vae=image_vae(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=image_unet(),
        motion_adapter=motion_adapter(),
        scheduler=diffusers.DDIMScheduler(),
    )


def stable_diffusion():
    return diffusers.StableDiffusionPipeline(
        vae=image_vae(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=image_unet(),
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
    )


MAKERS = {
    maker.__name__: maker
    for maker in (ltx, wan, cogvideox, modelscope, animatediff, stable_diffusion, motion_adapter)
}


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """saved(name): the folder of one of MAKERS, made once."""
    folder = tmp_path_factory.mktemp("pipelines")

    def save(name):
        if not (folder / name).exists():
            torch.manual_seed(0)
            MAKERS[name]().save_pretrained(folder / name)
        return folder / name

    return save
